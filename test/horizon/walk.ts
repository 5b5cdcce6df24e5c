import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Page } from 'playwright-core';

/** Horizon's first page takes half a minute where the machine has other work. */
const STEP_LIMIT_MS = 120_000;
/** Horizon asks for the state of a cluster now and then by itself; a cloud may be busy. */
const CLUSTER_LIMIT_MS = 600_000;

const environment = (name: string): string => {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set`);
  return value;
};

/** Goes through Horizon's panels of magnum-ui as the user that `OS_*` name: `walk.ts URL`. Each step is shown in a picture. */
class Walk {
  readonly #page: Page;
  readonly #url: string;
  readonly #folder: string;
  #step = 0;

  constructor(page: Page, url: string, folder: string) {
    this.#page = page;
    this.#url = url;
    this.#folder = folder;
  }

  async logIn(): Promise<void> {
    await this.#page.goto(`${this.#url}/auth/login/`);
    await this.#page.fill('#id_username', environment('OS_USERNAME'));
    await this.#page.fill('#id_password', environment('OS_PASSWORD'));
    if ((await this.#page.locator('#id_domain').count()) > 0) await this.#page.fill('#id_domain', 'Default');
    await this.#page.click('#loginBtn');
    await this.#page.locator('#sidebar-accordion, .sidebar, #main_content').first().waitFor();
  }

  async open(panel: string): Promise<void> {
    await this.#page.goto(`${this.#url}/project/${panel}`);
    await this.#page.locator('hz-resource-panel, hz-resource-table').first().waitFor();
  }

  async makeTemplate(name: string): Promise<void> {
    await this.#press('Create Cluster Template');
    await this.#fill('name', name);
    await this.#choose('coe', 'Kubernetes');
    await this.#tab('Node Spec');
    await this.#choose('image_id', environment('BAYOU_CLOUD_IMAGE'));
    await this.#choose('flavor_id', environment('BAYOU_CLOUD_FLAVOR'));
    await this.#choose('master_flavor_id', environment('BAYOU_CLOUD_FLAVOR'));
    await this.#choose('keypair_id', 'demo');
    await this.#tab('Network');
    await this.#choose('external_network_id', environment('BAYOU_CLOUD_EXTERNAL_NETWORK'));
    await this.picture('template-form');
    await this.#submit();
    await this.row(name);
  }

  async makeCluster(name: string, template: string): Promise<void> {
    await this.#press('Create Cluster');
    await this.#fill('name', name);
    await this.#choose('cluster_template_id', template);
    await this.#choose('availability_zone', 'nova');
    await this.#choose('keypair', 'demo');
    await this.#tab('Size');
    await this.#choose('master_flavor_id', environment('BAYOU_CLOUD_FLAVOR'));
    await this.#fill('node_count', '1');
    await this.#choose('flavor_id', environment('BAYOU_CLOUD_FLAVOR'));
    await this.picture('cluster-form');
    await this.#submit();
    await this.row(name);
  }

  /** Opens the panel anew until the row has the text. */
  async untilShown(name: string, text: RegExp): Promise<void> {
    const deadline = performance.now() + CLUSTER_LIMIT_MS;
    for (;;) {
      await this.open('clusters');
      const row = await this.row(name);
      const cell = row.getByText(text).first();
      const shown = await cell.waitFor({ timeout: 5000 }).then(
        () => true,
        () => false,
      );
      if (shown) return;
      if (performance.now() > deadline) throw new Error(`${name}: not ${text}, but ${await row.textContent()}`);
    }
  }

  async details(name: string, expected: string[]): Promise<void> {
    const row = await this.row(name);
    await row.getByRole('link', { name }).first().click();
    for (const text of expected) await this.#page.getByText(text).first().waitFor();
  }

  async resize(name: string, nodeCount: number): Promise<void> {
    await this.#action(name, 'Resize Cluster');
    await this.#fill('node_count', String(nodeCount));
    await this.picture('resize-form');
    await this.#submit();
  }

  async remove(name: string, action: string): Promise<void> {
    await this.#action(name, action);
    await this.picture('delete');
    await this.#order('.modal-footer .btn-danger, .modal-footer .btn-primary');
  }

  async untilGone(name: string, panel: string): Promise<void> {
    const deadline = performance.now() + CLUSTER_LIMIT_MS;
    for (;;) {
      await this.open(panel);
      await this.#page.locator('hz-resource-table tbody tr').first().waitFor();
      if ((await this.#rows(name).count()) === 0) return;
      if (performance.now() > deadline) throw new Error(`${name} is still there`);
      await this.#page.waitForTimeout(3000);
    }
  }

  async row(name: string) {
    const row = this.#rows(name).first();
    await row.waitFor();
    return row;
  }

  async picture(name: string): Promise<void> {
    this.#step += 1;
    const file = `${String(this.#step).padStart(2, '0')}-${name}.png`;
    await this.#page.screenshot({ path: join(this.#folder, file), fullPage: true });
    console.log(file);
  }

  #rows(name: string) {
    return this.#page.locator('hz-resource-table tbody tr', { hasText: name });
  }

  async #press(text: string): Promise<void> {
    await this.#page.getByRole('button', { name: text }).first().click();
    await this.#page.locator('.modal-dialog form').waitFor();
  }

  async #action(name: string, text: string): Promise<void> {
    const row = await this.row(name);
    await row.locator('.dropdown-toggle').click();
    await row.locator('.dropdown-menu').getByText(text, { exact: true }).click();
    await this.#page.locator('.modal-dialog').waitFor();
  }

  #field(key: string) {
    return this.#page.locator(`.modal-dialog [name="${key}"]`);
  }

  async #fill(key: string, value: string): Promise<void> {
    await this.#field(key).fill(value);
  }

  /** By the text that the option has or begins with. */
  async #choose(key: string, label: string): Promise<void> {
    const option = this.#field(key).locator('option', { hasText: label }).first();
    await option.waitFor({ state: 'attached' });
    await this.#field(key).selectOption({ label: ((await option.textContent()) ?? '').trim() });
  }

  async #tab(title: string): Promise<void> {
    await this.#page.locator('.modal-dialog li a', { hasText: title }).first().click();
  }

  #submit(): Promise<void> {
    return this.#order('.modal-footer .btn-primary');
  }

  /**
   * Clicks, and waits for the answer to what the page then orders: it does so after it has closed the dialogue, and to
   * leave the page before would end the request unsent.
   */
  async #order(button: string): Promise<void> {
    const answered = this.#page.waitForResponse(
      (response) => response.url().includes('/api/container_infra/') && response.request().method() !== 'GET',
    );
    const [response] = await Promise.all([answered, this.#page.locator(button).last().click()]);
    const request = response.request();
    if (!response.ok()) {
      throw new Error(`${request.method()} ${request.url()}: ${response.status()} ${await response.text()}`);
    }
    await this.#page.locator('.modal-dialog').waitFor({ state: 'detached' });
  }
}

async function main(url: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'bayou-horizon-'));
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
  const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
  page.setDefaultTimeout(STEP_LIMIT_MS);
  const walk = new Walk(page, url, folder);
  console.log(`Screenshots: ${folder}`);
  try {
    await walk.logIn();
    await walk.open('cluster_templates');
    await walk.picture('templates-empty');
    await walk.makeTemplate('small');
    await walk.picture('templates');
    await walk.open('clusters');
    await walk.makeCluster('web', 'small');
    await walk.picture('cluster-ordered');
    await walk.untilShown('web', /create.complete/i);
    await walk.picture('cluster-made');
    await walk.details('web', ['small', 'demo']);
    await walk.picture('cluster-details');
    await walk.open('clusters');
    await walk.resize('web', 2);
    await walk.untilShown('web', /update.complete/i);
    await walk.picture('cluster-resized');
    await walk.remove('web', 'Delete Cluster');
    await walk.untilGone('web', 'clusters');
    await walk.picture('cluster-gone');
    await walk.open('cluster_templates');
    await walk.remove('small', 'Delete Cluster Template');
    await walk.untilGone('small', 'cluster_templates');
    await walk.picture('template-gone');
    console.log('Passed: list, template, create, details, resize, delete');
  } catch (error) {
    await walk.picture('failed');
    throw error;
  } finally {
    await browser.close();
  }
}

main(process.argv[2] ?? '').then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  },
);
